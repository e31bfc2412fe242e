"""The wording of notices. A package of its own, so that editions, which hold none of it, are not made anew for it."""
