"""Moves the bytes of exchanges inside mitmproxy, and is the only place that knows its private parts."""

from addons.engine.addon import Engine

__all__ = ["Engine"]
