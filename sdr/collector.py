"""Python's collector of cycles, kept from stopping a process that serves.

A full collection walks every container there is, and no thread of the process runs meanwhile: with what Django and its
libraries make at start-up that is a tenth of a second, as long as a click may take to show.
"""

import gc


def spare_what_is_there() -> None:
    """Leave what exists now out of all later collections. For what stays until the process ends.

    Objects are still freed when the last reference to them goes; only cycles among them never are.
    """
    gc.collect()
    gc.freeze()
