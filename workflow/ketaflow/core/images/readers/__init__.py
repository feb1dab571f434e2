"""How is each file format read? One module per family of formats, each returning a ``StoredImage``."""
