"""The smallest model that shows a difference, and the script that shows it to others."""

from halfpixel.checking.check import sites
from halfpixel.conforming.conformance import Result
from halfpixel.conforming.models import Config, model_of, ports_of
from halfpixel.quoting import python_literal
from halfpixel.runtimes.feeds import FeedSettings, make_feeds


def smallest(results: list[Result]) -> Result:
    """Return the result with the smallest model, and of those the largest error."""

    def size(result: Result) -> tuple[int, int, float]:
        count = 1
        for length in (*result.config.shape, *result.config.outs):
            count *= length
        return len(result.config.shape), count, -result.worst

    return min(results, key=size)


def reproducer(config: Config, provider: str = "CPUExecutionProvider") -> str:
    """Return a script of a few lines that shows a difference, for an upstream report.

    It prints what onnxruntime gives, nothing optimised, and holds the exact result in a comment.
    """
    import numpy as np
    from onnx import printer

    model = model_of(config)
    (site,) = sites(model)
    lines = [
        "import numpy as np",
        "import onnx.parser",
        "import onnxruntime as ort",
        "",
        f'model = onnx.parser.parse_model("""{printer.to_text(model)}""")',
    ]
    feeds = next(make_feeds(ports_of(config), FeedSettings(low=-1.0)))
    first = next(iter(feeds))
    if config.op == "Resize":
        shape, kind = feeds[first].shape, config.dtype
        low = -(feeds[first].size // 2) if kind == "int8" else 0  # what is clipped is negative
        high = low + feeds[first].size
        feeds[first] = np.arange(low, high).reshape(shape).astype(feeds[first].dtype)
        span = f"{low}, {high}" if low else f"{high}"
        lines.append(f"x = np.arange({span}).reshape({shape}).astype(np.{kind})")
    else:
        for name, array in feeds.items():
            kept = np.round(array.astype(np.float64), 3).astype(array.dtype)
            feeds[name] = kept
            lines.append(f"{name} = np.array({kept.tolist()}, np.{array.dtype})")
    exact = np.array2string(
        site.evaluate(*feeds.values()).ravel(), precision=6, threshold=1000
    ).replace("\n", "\n#")
    whole = f", of which {config.dtype} has the nearest whole number" * ("int" in config.dtype)
    given = ", ".join(f'"{name}": {name}' for name in feeds)
    lines += [
        "options = ort.SessionOptions()",
        "options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL",
        "data = model.SerializeToString()",
        f"session = ort.InferenceSession(data, options, providers=[{python_literal(provider)}])",
        f"print(session.run(None, {{{given}}})[0].ravel())",
        f"# expected, exactly{whole}: {exact}",
    ]
    return "\n".join(lines) + "\n"
