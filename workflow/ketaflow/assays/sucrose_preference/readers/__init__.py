"""What a lickometer's log or a bottle sheet holds, whichever device or person wrote it."""
