"""coremltools' graph pass, under the name of its host: `from halfpixel.plugins import coreml`.

`pipeline()` is the pass in a pipeline of its own, for `ct.convert(..., pass_pipeline=...)`.
"""

from halfpixel.fixing.mil_pass import NAME, pipeline

__all__ = ["NAME", "pipeline"]
