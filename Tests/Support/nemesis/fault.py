"""What is common to all that the nemesis can do."""


class Fault:
    """`begin` returns a line for the timeline, or None when there is nobody to do it to; `end` repairs.

    `weight`: how often it is chosen; `lasting`: whether it has an end.
    """

    weight, lasting = 1, True
    # It lasts no shorter, in seconds.
    least_s = 0
    # Whether runs that were not touched may lose what they own by it; and whose: all, or those for which `reaches` says so.
    harms_others = True
    # Whether claims are deleted: a run that had started nothing ends by it.
    deletes = False
    # So long after its end, in seconds, it may still show: elections, sessions that expire, packets sent again, deadlines.
    aftermath_s = 12
    name = ""

    def __init__(self, world, dice):
        self.world, self.dice, self.keys = world, dice, set()

    def reserve(self, *keys):
        """Whether nobody else has broken these; they are ours from now on."""
        if self.world.busy & set(keys):
            return False
        self.keys |= set(keys)
        self.world.busy |= self.keys
        return True

    def reaches(self, attempt):  # pylint: disable=unused-argument
        return self.harms_others

    def reached(self, run):
        """Whether it may have harmed that run."""
        return self.reaches(run) and self.began < run.ended and run.began < self.ended + self.aftermath_s

    def begin(self):
        raise NotImplementedError

    def end(self):
        return
