// Examples to begin with: shapes as SVG paths in a square of 100, each with its grey, from back to front.
export const EXAMPLES = {
  "T-shirt": [[200, "M30 12 Q50 22 70 12 L96 30 L86 48 L74 42 L74 92 L26 92 L26 42 L14 48 L4 30 Z"]],
  Trouser: [[210, "M32 4 L68 4 L74 96 L56 96 L50 34 L44 96 L26 96 Z"]],
  Sneaker: [[190, "M4 44 Q14 52 26 46 Q44 62 66 64 Q94 66 96 78 L4 78 Z"], [240, "M4 74 L96 74 L96 82 L4 82 Z"]],
  "Ankle boot": [[200, "M20 8 L56 8 L58 46 Q70 58 90 62 Q98 66 96 80 L14 80 Q22 44 20 8 Z"], [120, "M12 80 L96 80 L96 88 L50 88 L36 84 L34 92 L12 92 Z"]],
  Bag: [[170, "M30 38 Q32 10 50 10 Q68 10 70 38 L64 38 Q62 18 50 18 Q38 18 36 38 Z"], [210, "M10 36 L90 36 L94 88 L6 88 Z"], [150, "M10 36 L90 36 L88 46 L12 46 Z"]],
  Dress: [[200, "M38 4 L44 10 L56 10 L62 4 L66 34 L60 46 L76 96 L24 96 L40 46 L34 34 Z"]],
};
