"""The live state built anew, beside the one in force and while events are counted, then switched in one step."""
