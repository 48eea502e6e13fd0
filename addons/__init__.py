"""mitmproxy hooks, accounts, engine. Imports translators, never the reverse."""
