# SPDX-License-Identifier: BSD-2-Clause
set terminal svg size 900,800 background 'white'
set multiplot layout 3,1
set xlabel 's'
set ylabel 'Mb/s'
set y2label "Jain's index"
set yrange [0:105]
set y2range [0:1.05]
set ytics nomirror
set y2tics
set grid
set key outside right top
do for [n = 2:4] {
	set title sprintf('%s, %d flows', cc, n)
	file = sprintf('fair.%s.%d', cc, n)
	plot for [i = 1:n] file using 1:i + 1 with lines title sprintf('flow %d', i), \
	    100.0 * 1448 / 1500 / n with lines dt 2 lc rgb '#f2b166' lw 2 title 'equal share', \
	    file using 1:n + 2 axes x1y2 with lines dt 3 lc rgb '#888888' title "Jain's index"
}
unset multiplot
