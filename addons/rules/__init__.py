"""What the user's config changes in requests: payload rules in what upstreams hear, prompt rules in what clients said,
and model routes, names of models that stand for several.

`document` edits JSON in its bytes, `path` reads how places in it are spelled, `places` finds and changes what stands
there, `scope` says which requests a rule is about.
"""
