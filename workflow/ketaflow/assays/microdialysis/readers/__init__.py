"""Which instrument wrote a file, and what it holds: traces, the instrument's own peaks, or concentrations.

Every reader of a format (``read_...``) is given a path, or the content of the file and its name for messages. It
returns one ``Chromatogram`` per detector and injection, and raises ``IngestError`` with the file, what was found and
what to do where the file is damaged, cut short, or holds no chromatogram. ``dispatch`` knows which reader reads what.
"""
