"""Shoppers who do not exist, and recorded ones who come again: load for a running system.

``shelf``, ``shoppers``, ``timetable`` and ``pacing`` decide what happens and when, and touch nothing outside;
``replay`` reads it from a file instead. ``run`` sends it through one of the ``doors``.
"""
