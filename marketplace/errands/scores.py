"""How good forecasts were, once the ends are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score


@dataclass(frozen=True)
class Score:
    """Area under the ROC curve, mean squared error, and the slope of the ends over the forecast log odds (one is right)."""

    auc: float
    brier: float
    calibration_slope: float


def score(probabilities: Sequence[float], ends: Sequence[bool]) -> Score | None:
    """The score of some forecasts; None where all ended alike, which tells nothing."""
    if len(set(ends)) < 2:
        return None
    forecast, happened = np.array(probabilities), np.array(ends)
    bounded = np.clip(forecast, 1e-6, 1 - 1e-6)
    slope = LogisticRegression(C=np.inf).fit(np.log(bounded / (1 - bounded))[:, None], happened).coef_[0][0]
    return Score(
        round(float(roc_auc_score(happened, forecast)), 4),
        round(float(brier_score_loss(happened, forecast)), 4),
        round(float(slope), 3),
    )
