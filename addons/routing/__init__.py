"""The parts of `addons.route`: what a name means, who serves it, what is known of it."""
