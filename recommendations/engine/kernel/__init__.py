"""What is worked out in C, where a C compiler was found when SDR was set up; NumPy does the same more slowly."""
