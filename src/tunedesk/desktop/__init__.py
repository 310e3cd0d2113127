"""The window. The only part of TuneDesk that knows Qt."""
