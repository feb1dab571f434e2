"""What people marked: agreement with them, consensus among them, their corrections and ImageJ regions."""
