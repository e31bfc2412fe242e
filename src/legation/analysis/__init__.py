"""Rooms that think: pure functions, frames in, frames out. They know frames, never files."""
