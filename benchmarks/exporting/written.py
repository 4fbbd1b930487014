"""What a script that exports leaves behind: models, arrays beside them, and `cases.json`.

Runs under every Python that an old release needs, 3.7 and later.
"""

import json
import os

import numpy as np


class Written:
    """Cases of one release."""

    def __init__(self, folder):
        self.folder, self.cases, self.refused = folder, [], {}

    def path(self, name):
        """Return where a model of a name goes."""
        return os.path.join(self.folder, name)

    def add(self, name, call, x, y, layout="NCHW", **told):
        """Add a case: the model's file name, the call in words, its input and its output."""
        arrays = os.path.splitext(name)[0] + ".npz"
        if x is not None:
            np.savez(self.path(arrays), x=x, y=y)
        told.update(file=name, call=call, layout=layout, arrays=arrays if x is not None else "")
        self.cases.append(told)

    def refuse(self, call, error):
        """Add a call that the release does not export."""
        words = str(error).strip().splitlines() or [""]
        why = "%s: %s: %s" % (call, type(error).__name__, words[0][:100])
        self.refused[why] = self.refused.get(why, 0) + 1

    def save(self):
        """Write the list of cases."""
        body = {"cases": self.cases, "refused": self.refused}
        with open(self.path("cases.json"), "w") as file:
            json.dump(body, file, indent=1)
