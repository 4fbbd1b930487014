"""Configurations that ready images, as programs write them."""

import json


def hugging(**values: object) -> str:
    """Return a configuration of transformers."""
    return json.dumps({"do_resize": True, "resample": 3, **values})


def timm(**values: object) -> str:
    """Return a configuration of timm's."""
    usual = {"input_size": [3, 224, 224], "interpolation": "bicubic"}
    return json.dumps({"pretrained_cfg": {**usual, **values}})


def ort(kind: str, **attributes: object) -> str:
    """Return an image processor of one transform."""
    one = {"operation": {"name": "a", "type": kind, "attrs": attributes}}
    return json.dumps({"processor": {"name": "image_processing", "transforms": [one]}})


def vino(shape: str = "1,3,64,48", **fields: str) -> str:
    """Return a model of OpenVINO's with the information that Model API writes."""
    said = "".join(f'<{key} value="{value}"/>' for key, value in fields.items())
    layer = f'<layer type="Parameter"><data shape="{shape}"/></layer>'
    return f"<net><layers>{layer}</layers><rt_info><model_info>{said}</model_info></rt_info></net>"
