"""The providers, a file each with one PROVIDER; `registry` finds them."""
