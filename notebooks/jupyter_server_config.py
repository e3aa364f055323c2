"""JupyterLab for one person at this machine; `make lab` lets it outrank the person's settings."""

import secrets

c = get_config()  # noqa: F821
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.allow_remote_access = False
c.ServerApp.allow_origin = ""
c.ServerApp.allow_origin_pat = ""
c.ServerApp.disable_check_xsrf = False
c.ServerApp.allow_unauthenticated_access = False
c.ServerApp.identity_provider_class = "jupyter_server.auth.identity.IdentityProvider"
c.IdentityProvider.token = secrets.token_hex(32)
