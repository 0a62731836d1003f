"""The edge: routes, limits, streaming and composing of the public face under ``/api/v1``; knows no page."""
