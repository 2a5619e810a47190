"""The work queue and the case page."""

from flask import Blueprint

blueprint = Blueprint("casework", __name__, template_folder="templates")
