"""The parts of the platform that live in the simulator; a new one is a line here and a module beside."""

from backend.sim.parts import campaigns, deposits, disputes, fulfilment, harvest, leads, money, pots

PARTS = (money.PART, campaigns.PART, deposits.PART, fulfilment.PART, leads.PART, disputes.PART, pots.PART, harvest.PART)
