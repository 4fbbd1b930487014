"""What the fork server does once, where it is imported: a model is checked and told in each format.

Whatever that imports and remembers, every process that checks begins with: its first model takes
no longer than its second.
"""

from typing import get_args

from halfpixel.checking.check import Judge, settings_of
from halfpixel.checking.result import Report
from halfpixel.formats.onnx.structure import model_class
from halfpixel.serving.query import Form
from halfpixel.serving.worker import told


def warm() -> None:
    """Check a model with one resize that is wrong."""
    model = model_class()(ir_version=9)
    model.opset_import.add(domain="", version=19)
    graph = model.graph
    node = graph.node.add(op_type="Resize", name="up", input=["x", "", "scales"], output=["y"])
    node.attribute.add(name="mode", s=b"linear", type=3)
    graph.initializer.add(name="scales", dims=[4], data_type=1, float_data=[1, 1, 2, 2])
    for value, among in (("x", graph.input), ("y", graph.output)):
        tensor = among.add(name=value).type.tensor_type
        tensor.elem_type = 1
        for length in (1, 1, 4, 4):
            tensor.shape.dim.add(dim_value=length)
    settings = settings_of(expect=["align_corners=true"])
    report = Report((Judge(settings).file(model, "m.onnx"),))
    for form in get_args(Form):
        told(report, form, settings, passed=False)


warm()
