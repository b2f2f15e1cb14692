"""From files to products: open, split into rows, load in batches."""
