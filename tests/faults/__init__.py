"""What breaks, and what must then still be true."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
