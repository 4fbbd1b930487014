"""What the rules about intent have in common: severity, wording and the fix."""

from collections.abc import Iterator

from halfpixel.conventions.onnx.resize import attributes_of
from halfpixel.intents.cause import Cause
from halfpixel.intents.deviation import Deviation, deviation
from halfpixel.rule import Finding, Fix, Safety, Severity
from halfpixel.sampling import Resize
from halfpixel.site import How, Operation, Site
from halfpixel_rules._coreml import fix_for


def severity_of(operation: Operation, found: Deviation) -> Severity:
    """Return error for a known intent at lengths that the file fixes, note for remote ones."""
    told = operation.intent is not None and operation.intent.how != "assumed"
    if found.remote:
        return "note"
    return "error" if told and found.certain else "warning"


def how_of(operation: Operation, found: Deviation) -> How:
    """Return how a difference from the intent is known."""
    if found.simulated:
        return "simulated"
    if operation.intent is not None and operation.intent.how == "assumed":
        return "assumed"
    return "proven"


def findings(site: Site, causes: frozenset[Cause], why: str) -> Iterator[Finding]:
    """Yield the finding on a site that differs from its intent by one of these causes.

    Args:
        site: the site.
        causes: the causes that the asking rule is about.
        why: what the defect is, the first half of the message.
    """
    operation = site.operation
    found = deviation(operation)
    if found is None or found.cause not in causes or operation.intent is None:
        return
    message = f"{why}: {found.where} {found.amount}; {operation.intent.text} was meant"
    fix, declined = fix_of(operation, found.meant)
    yield Finding(message, severity_of(operation, found), how_of(operation, found), fix, declined)


def fix_of(operation: Operation, meant: Resize) -> tuple[Fix | None, str]:
    """Return the fix that makes a node compute `meant`, or why there is none."""
    intent = operation.intent
    told = intent is not None and intent.how != "assumed"
    safety: Safety = "safe" if told else "unsafe"
    if operation.dialect != "ONNX":
        return fix_for(operation, meant, safety)
    if operation.hidden:
        return Fix(safety, "write it as the resize that was meant", meant), ""
    opset = max(operation.opset, 11)
    words: dict[str, object] = {}
    for _, sampling in meant.axes:
        attributes = attributes_of(sampling, opset)
        if attributes is None:
            return _written_out(operation, meant, safety, opset)
        words |= attributes
    changed = [
        f"{name}={value}"
        for name, value in words.items()
        if operation.attributes.get(name) != value
    ]
    scales = [float(s.scale) for _, s in meant.axes if s.scale is not None]
    if operation.by == "sizes" and len(scales) == len(meant.axes):
        changed.append(f"scales {', '.join(f'{scale:g}' for scale in scales)} instead of sizes")
    if (
        operation.by == "scales"
        and not scales
        and words.get("coordinate_transformation_mode") != "align_corners"
    ):
        changed.append("sizes instead of scales")
    if not changed:
        return _written_out(operation, meant, safety, opset)
    return Fix(safety, "set " + ", ".join(changed), meant), ""


def _written_out(
    operation: Operation, meant: Resize, safety: Safety, opset: int
) -> tuple[Fix | None, str]:
    """Return a fix for what attributes cannot say everywhere: at known lengths it is a table."""
    ins, outs = operation.lengths()
    if any(ins[axis] is None or outs[axis] is None for axis, _ in meant.axes):
        return None, f"no Resize attribute of opset {opset} can say it at every length"
    return Fix(safety, "write what PyTorch computes at these lengths", meant), ""
