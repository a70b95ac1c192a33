// The shades of Faces since 1.2: people who cannot tell red from green can tell these.

const SHADES = {
  blue: "#66ccee",
  green: "#228833",
  grey: "#bbbbbb",
  darkblue: "#4477aa",
  yellow: "#ccbb44",
  red: "#ee6677",
  purple: "#aa3377",
};

/** Return how a color that a workload named is drawn. */
export const shade = (color) => SHADES[color] ?? color;
