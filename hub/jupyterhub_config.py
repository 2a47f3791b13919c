"""A JupyterHub on one machine: a container of the image for each user, by podman.

    jupyterhub -f hub/jupyterhub_config.py

Where there are more machines, DockerSpawner or KubeSpawner runs the same image; it needs
what is set at the end of this file.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from jupyterhub.spawner import LocalProcessSpawner

IMAGE = os.environ.get("BCC_LESSONS_IMAGE", "bcc-lessons")
# Where a container reaches this machine's loopback, and so the hub.
GATEWAY = "10.0.2.2"


class PodmanSpawner(LocalProcessSpawner):
    """Runs a user's server in a container with a network and a home of its own."""

    def get_env(self):
        """Return the environment: the container reaches the hub, the hub its server."""
        env = super().get_env()
        for name in ("JUPYTERHUB_API_URL", "JUPYTERHUB_ACTIVITY_URL"):
            env[name] = _elsewhere(env[name], GATEWAY)
        own = env["JUPYTERHUB_SERVICE_URL"]
        # Each address of the container, which --publish leads to.
        env["JUPYTERHUB_SERVICE_URL"] = _elsewhere(own, "0.0.0.0")  # noqa: S104
        return env

    def get_args(self):
        """Return podman's arguments, and behind them the server's."""
        container = f"bcc-lessons-{self.user.id}"
        names = [name for name in self.get_env() if name.startswith("JUPYTERHUB_")]
        return [
            *("run", "--rm", "--replace", f"--name={container}"),
            f"--volume={container}:/home/learner",
            "--network=slirp4netns:allow_host_loopback=true",
            f"--publish=127.0.0.1:{self.port}:{self.port}",
            *os.environ.get("BCC_LESSONS_PODMAN_RUN", "").split(),
            *(f"--env={name}" for name in names),
            *(IMAGE, "jupyterhub-singleuser"),
            *super().get_args(),
        ]

    def user_env(self, env):
        """Return the environment: podman runs as the hub's user."""
        return {**env, "HOME": os.environ["HOME"]}

    def make_preexec_fn(self, name):
        """Return what podman's process does first: nothing, it stays the hub's user."""


def _elsewhere(address, host):
    """Return an address with another host."""
    parts = urlsplit(address)
    return parts._replace(netloc=f"{host}:{parts.port}").geturl()


c = get_config()  # noqa: F821 - JupyterHub's
c.JupyterHub.spawner_class = PodmanSpawner
c.Spawner.cmd = ["podman", *os.environ.get("BCC_LESSONS_PODMAN", "").split()]
# The first start unpacks a snapshot and builds the site.
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
c.Spawner.default_url = "/lessons/"
