package codec

// The tables of ITU-T G.722 section 6.2.

// bounds6 are the decision levels of the 6-bit quantiser, for the unit step [Q6].
var bounds6 = [29]int{
	35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339,
	1458, 1612, 1765, 1980, 2195, 2557, 2919,
}

// bound2 is the decision level of the 2-bit quantiser [Q2].
const bound2 = 564

// levels6 are the quantised differences of the six-bit codes [QQ6], levels4 of their upper four bits [QQ4], levels2 of
// the two-bit codes [QQ2].
var (
	levels6 = [64]int{
		-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360,
		-8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688,
		-1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856,
		7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136,
		-432, -136,
	}
	levels4 = [16]int{
		0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
	}
	levels2 = [4]int{-7408, -1616, 7408, 1616}
)

// growth4 and growth2 move the logarithm of the step size [WL by RL42, WH by RH2].
var (
	growth4 = [16]int{-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60}
	growth2 = [4]int{798, -214, 798, -214}
)

// antilog is one octave of step sizes [ILB].
var antilog = [32]int{
	2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025,
	3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
}

// mirrorTaps is one half of the symmetrical 24-tap quadrature mirror filter, taken every second tap [H].
var mirrorTaps = [12]int{3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11}
