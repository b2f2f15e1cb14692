"""The only bridge between the catalogue's rows and the engine's arrays."""
