"""How rows lie in a file: JSON lines, a JSON array, CSV, XLSX, Parquet, a folder, packed or not."""
