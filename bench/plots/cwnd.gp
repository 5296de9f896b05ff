# SPDX-License-Identifier: BSD-2-Clause
set terminal svg size 900,380 background 'white'
set xlabel 's'
set ylabel 'segments'
set xrange [0:40]
set yrange [0:1000]
set grid
set key top right
set title cc.', 100 Mb/s, 40 ms, buffer of 1 BDP (333 segments)'
what = cc eq 'newreno' ? 'RFC 5681: +1 a round trip, halved at a loss' : \
    cc eq 'cubic' ? 'RFC 9438: C = 0.4, beta = 0.7, fast convergence' : \
    'draft-ietf-ccwg-bbr-06: gain of the state x BDP'
if (cc eq 'bbr') {
	plot 'cwnd.'.cc using 1:3 with lines lw 5 lc rgb '#f2b166' title what, \
	    'cwnd.'.cc using 1:2 with lines lw 1 lc rgb '#1f4e9c' title 'cwnd', \
	    'cwnd.'.cc using 1:6 with lines lw 1 lc rgb '#888888' title 'in flight'
} else {
	plot 'cwnd.'.cc using 1:3 with lines lw 5 lc rgb '#f2b166' title what, \
	    'cwnd.'.cc using 1:2 with lines lw 1 lc rgb '#1f4e9c' title 'cwnd'
}
