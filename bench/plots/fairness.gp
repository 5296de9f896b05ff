# SPDX-License-Identifier: BSD-2-Clause
set terminal svg size 900,900 background 'white'
set multiplot layout 3,1
set xlabel 's'
set ylabel 'Mb/s'
set y2label "Jain's index"
set yrange [0:110]
set y2range [0:1.1]
set ytics nomirror
set y2tics
set grid
do for [cc in 'newreno cubic bbr'] {
	set title cc
	plot 'fair.'.cc using 1:2 with lines title 'first flow', \
	    'fair.'.cc using 1:3 with lines title 'second flow', \
	    'fair.'.cc using 1:4 axes x1y2 with lines dt 2 lc rgb '#888888' title "Jain's index"
}
unset multiplot
