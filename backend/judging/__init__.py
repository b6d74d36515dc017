"""The judge block (评): calls, applications under blind scores, publicity, objections, awards; knows only whose thing it is."""
