"""From notebooks to pages: papermill, nbconvert, index."""
