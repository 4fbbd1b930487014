"""Time and memory go with the size of a file: steps are counted, and results are looked at."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from onnx import ModelProto, NodeProto, TensorProto, helper

import example_models as models
from halfpixel.checking.check import Judge, Settings, check, opened, sites
from halfpixel.checking.result import FileReport
from halfpixel.cli.main import cli
from halfpixel.formats.onnx.read.walk import Walk
from halfpixel.intents.pytorch_record import FX_NODE, STACK_TRACE, spelled_call
from halfpixel.work import working

RECORD = "call_function[target=torch.ops.aten.upsample_bilinear2d.vec](args = {}, kwargs = {{}})"
LINE = 'File "net.py", line 3, in forward\n    {}'
OWN = [helper.make_opsetid("", 19), helper.make_opsetid("own", 1)]
UP = models.resize()


def kept(**texts: str) -> ModelProto:
    """Return a model of one resize that holds what an exporter kept."""
    node = NodeProto()
    node.CopyFrom(UP)
    for key, text in texts.items():
        entry = node.metadata_props.add()
        entry.key, entry.value = {"record": FX_NODE, "line": STACK_TRACE}[key], text
    return models.model([node])


def calling(depth: int, *, inside: bool) -> ModelProto:
    """Return functions, each of which calls the next one twice."""
    made = models.model([helper.make_node("f0", ["x"], ["m" if not inside else "y"], domain="own")])
    if not inside:
        made.graph.node.append(models.resize(source="m"))
    made.opset_import.append(OWN[1])
    constant = helper.make_node("Constant", [], ["scales"], value=models.scales(1, 1, 2, 2))
    for d in range(depth):
        body = [helper.make_node(f"f{d + 1}", [a], [b], domain="own") for a, b in ("ab", "bc")]
        if d == depth - 1:
            last = models.resize("b", "c") if inside else helper.make_node("Relu", ["b"], ["c"])
            body = [constant, helper.make_node("Relu", ["a"], ["b"]), last]
        made.functions.append(helper.make_function("own", f"f{d}", ["a"], ["c"], body, OWN))
    return made


def judged(model: ModelProto, **settings: int) -> FileReport:
    """Return what is found in a model."""
    (file,) = check(model, Settings(**settings)).files  # type: ignore[arg-type]
    assert file.error is None
    return file


@pytest.mark.parametrize("inside", [True, False])
def test_functions_are_looked_at_once(*, inside: bool) -> None:
    """Two to the power of 40 calls show one resize, with the path of the first."""
    (site,) = judged(calling(40, inside=inside)).sites
    assert site.torch_call is not None
    assert (site.graph.count("/") == 39) is inside


def test_a_function_is_told_apart_by_what_it_is_called_with() -> None:
    """Calls with other shapes are other sites; a call with the same shape is none."""
    made = calling(1, inside=True)
    for name, shape in (("z", (1, 1, 4, 4)), ("w", (1, 1, 5, 4))):
        made.graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        made.graph.node.append(helper.make_node("f0", [name], [f"of_{name}"], domain="own"))
    made.functions[0].node[2].input[0] = "a"
    assert [site.input_shape for site in judged(made).sites] == [(1, 1, 4, 4), (1, 1, 5, 4)]


def test_too_many_ways_to_call_a_function_are_named() -> None:
    """Beyond some, a call is not looked into, and is told."""
    made = calling(1, inside=True)
    made.functions[0].node[2].input[0] = "a"
    for n in range(80):
        value = helper.make_tensor_value_info(f"x{n}", TensorProto.FLOAT, (1, 1, n + 5, 4))
        made.graph.input.append(value)
        node = helper.make_node("f0", [f"x{n}"], [f"y{n}"], f"call{n}", domain="own")
        made.graph.node.append(node)
    file = judged(made)
    assert len(file.sites) == 81
    assert len(file.unjudged) == 17
    assert "call79" in file.unjudged[-1]


def test_a_chain_of_any_length_is_followed() -> None:
    """5,000 Identity nodes lead to the scales, however many read them on the way."""
    names = ["scales", *(f"s{i}" for i in range(5_000))]
    nodes = [helper.make_node("Identity", [a], [b]) for a, b in pairwise(names)]
    for i, name in enumerate(names[-50:]):
        node = models.resize(target=f"y{i}", name=f"up{i}")
        node.input[2] = name
        nodes.append(node)
    made = models.model(nodes)
    places = Walk(made, None).places()
    assert {place.site.operation.scales for place in places} == {(1, 1, 2, 2)}
    assert len(places[0].scope.origins) == 5_001


NONSENSE = {
    "brackets": "(" * 50_000,
    "signs": f"(%x, {'-' * 50_000}1)",
    "calls": "(args = , kwargs = )" * 2_000,
    "spaces": "(" + " " * 50_000 + ")",
    "tiny": "(%x, None, False, [1e-300, 1e-300])",
    "smallest": "(%x, None, False, [5e-324, 5e-324])",
    "zero": "(%x, None, False, [0.0, 0.0])",
    "infinite": "(%x, None, False, [1e999, 1e999])",
    "hexadecimal": f"(%x, [0x{'f' * 20_000}, 3], False, None)",
}


@pytest.mark.parametrize("name", list(NONSENSE))
def test_a_record_that_is_nonsense_is_no_intent(name: str) -> None:
    """The node is named by what it computes."""
    file = judged(kept(record=RECORD.format(NONSENSE[name])))
    assert (file.sites[0].intent, file.findings) == (None, ())
    assert file.sites[0].torch_call == (
        'F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)'
    )


LINES = {
    "letters": "a" * 50_000,
    "dots": "a." * 25_000,
    "signs": f"F.interpolate(x, size={'-' * 50_000}1)",
    "open": "F.interpolate(" * 5_000,
    "closed": "F.interpolate(x" + ")" * 50_000,
    "spaces": "size=" + " " * 50_000 + "pool2d(" * 5_000,
    **{
        value: f"F.interpolate(x, scale_factor={value}, mode='bilinear')"
        for value in ("1e-300", "5e-324", "0.0", "1e999", "-1", "1e-40", "1e30")
    },
    "hexadecimal": f"F.interpolate(x, size=0x{'f' * 20_000}, mode='bilinear')",
}


@pytest.mark.parametrize("name", list(LINES))
def test_a_source_line_that_is_nonsense_is_no_intent(name: str) -> None:
    """Neither is what no call can have."""
    file = judged(kept(line=LINE.format(LINES[name])))
    assert (file.sites[0].intent, file.findings) == (None, ())


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("y = F.interpolate(x, size=(3, 4)) + g(2)", "interpolate(x, size=(3, 4))"),
        ("nn.Upsample(scale_factor=2)(x)", "Upsample(scale_factor=2)"),
        ("F.interpolate(x, mode=')')", "interpolate(x, mode=')')"),
        ("F.interpolate(x,", None),
    ],
)
def test_a_call_ends_at_its_own_bracket(text: str, call: str | None) -> None:
    """Brackets in strings and behind the call are not its own."""
    assert spelled_call(text) == call


def long_signal(by: Mapping[str, str] | None = None) -> ModelProto:
    """Return a signal of 1,600,000 samples that is doubled, by scales or by sizes from outside."""
    shape = (1, 1, 1_600_000)
    if by is None:
        return models.model([UP], shape=shape, initializers=[models.scales(1, 1, 2)])
    node = helper.make_node("Resize", ["x", "", "", "z"], ["y"], name="up", **by)
    made = models.model([node], shape=shape)
    made.graph.input.append(helper.make_tensor_value_info("z", TensorProto.INT64, [3]))
    return made


def test_a_signal_of_millions_of_samples_is_judged_in_a_few_steps() -> None:
    """No longest axis: what repeats is looked at once."""
    with working(1 << 40) as work:
        (site,) = opened(long_signal()).sites
    assert site.torch_call is not None
    assert work.done < 1_000
    nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
    file = judged(long_signal({**nearest, "nearest_mode": "floor"}))
    assert not file.unjudged


def different(count: int, start: int) -> ModelProto:
    """Return resizes of lengths that do not repeat, each of its own."""
    nodes = [helper.make_node("Relu", ["x"], [f"x{i}"]) for i in range(count)]
    made = models.model(nodes)
    for i in range(count):
        sizes = helper.make_tensor(f"z{i}", TensorProto.INT64, [4], [1, 1, 2 * start + i + 1, 4])
        node = models.resize(f"x{i}", f"y{i}", f"up{i}", {"mode": "linear"})
        node.input[2:] = ["", f"z{i}"]
        node.attribute[1].s = b"asymmetric"  # which a rule compares with half pixels
        made.graph.node.append(node)
        made.graph.initializer.append(sizes)
        shape = (1, 1, start + i, 4)
        made.graph.value_info.append(helper.make_tensor_value_info(f"x{i}", 1, shape))
    return made


def test_work_grows_with_the_nodes() -> None:
    """Twice the nodes are twice the steps, and no more."""
    done: list[int] = []
    for count, start in ((8, 300), (16, 400)):
        with working(1 << 40) as work:
            Judge(Settings()).judged(opened(different(count, start)), "model")
        done.append(work.done)
    assert 0 < done[1] < 3 * done[0]


def test_a_node_that_is_too_much_work_is_named_and_the_others_are_judged(tmp_path: Path) -> None:
    """One line, exit code 2, in every report; the rest of the file is judged."""
    made = different(1, 777)
    made.graph.node.append(models.resize(target="other", name="small"))
    judge = Judge(Settings(max_work=800))
    path = tmp_path / "model.onnx"
    path.write_bytes(made.SerializeToString())
    file = judge.file(path, "model.onnx")
    (line,) = file.unjudged
    assert line.startswith("model.onnx: node 'up0': not judged: it takes more than ")
    assert file.sites[-1].torch_call is not None
    assert "not judged" in sites(path, max_work=100)[0].operation.problem
    lowered = ["fix", "--lower", "up0=matmul"]  # asks first whether there is such a node
    for command in (
        ["check"],
        ["check", "--output-format", "github"],
        ["fix"],
        lowered,
        ["explain"],
    ):
        ran = CliRunner().invoke(cli, [*command, str(path), "--max-work", "100"])
        assert ran.exit_code == 2, command
        assert "not judged" in ran.output, command
    ran = CliRunner().invoke(cli, ["check", "--output-format", "sarif", str(path), "--max-work=9"])
    assert '"unjudged"' in ran.output


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_a_file_takes_the_same_steps_after_any_other(mode: str) -> None:
    """What is remembered of one file is no gift to the next: each is judged as if it were alone."""
    made = models.model(
        [models.resize(attributes={"mode": mode})], (1, 1, 977, 1013), [models.scales(1, 1, 1.3, 2)]
    )
    done: list[int] = []
    for _ in range(2):
        with working(10**9) as work:
            (site,) = opened(made).sites
            Judge(Settings()).findings_of(site)
        done.append(work.done)
    assert done[0] == done[1] > 0


@pytest.mark.parametrize(
    ("mode", "coordinates", "target", "factors"),
    [
        ("cubic", "pytorch_half_pixel", "upsample_bicubic2d", (10 / 7, 1.25)),
        ("nearest", "pytorch_half_pixel", "upsample_nearest2d", (1.5, 7.0)),
        ("linear", "asymmetric", "upsample_bilinear2d", (1.1, 1.3)),
    ],
)
def test_an_ordinary_node_is_judged_in_few_steps(
    mode: str, coordinates: str, target: str, factors: tuple[float, float]
) -> None:
    """At free lengths, with a record that it does not keep to."""
    corners = "" if mode == "nearest" else "True, "
    attributes = {"mode": mode, "coordinate_transformation_mode": coordinates}
    node = models.resize(attributes=attributes)
    entry = node.metadata_props.add()
    entry.key = FX_NODE
    call = f"call_function[target=torch.ops.aten.{target}.vec]"
    entry.value = f"{call}(args = (%x, None, {corners}{list(factors)}), kwargs = {{}})"
    made = models.model([node], (1, 1, "h", "w"), [models.scales(1, 1, *factors)])
    file = judged(made, max_work=40_000)
    assert file.unjudged == ()
    assert bool(file.findings) == (mode != "nearest")


def test_the_steps_of_a_file_hang_on_nothing_but_the_file() -> None:
    """They are the same whatever was read before."""
    texts = sorted(models.MISMATCHES.glob("*.onnx"))[:12]
    assert texts

    def steps(path: Path) -> int:
        with working(1 << 40) as work:
            Judge(Settings()).judged(opened(path), "model")
        return work.done

    first = {path: steps(path) for path in texts}
    assert {path: steps(path) for path in reversed(texts)} == first
    assert len(set(first.values())) > 1
