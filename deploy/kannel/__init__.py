"""Debian's Kannel on loopback, with a phone network behind it that does as it is told."""

from deploy.kannel.kannel import Kannel, KannelError, Taken

__all__ = ["Kannel", "KannelError", "Taken"]
