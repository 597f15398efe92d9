//! What `docs.node_color` may be: a CSS colour name or a hex code. The documentation site would not draw
//! a graph with anything else. Called by `config_check`.

/// Tells whether a text is a CSS colour name (any case) or `#` with 3, 4, 6 or 8 hex digits.
pub(super) fn is_color(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix('#') {
        return matches!(digits.len(), 3 | 4 | 6 | 8) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    }
    let name = text.to_ascii_lowercase();
    NAMES.split_ascii_whitespace().any(|known| known == name)
}

const NAMES: &str = "aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue \
    blueviolet brown burlywood cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan \
    darkblue darkcyan darkgoldenrod darkgray darkgreen darkgrey darkkhaki darkmagenta darkolivegreen \
    darkorange darkorchid darkred darksalmon darkseagreen darkslateblue darkslategray darkslategrey \
    darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey dodgerblue firebrick floralwhite \
    forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew hotpink \
    indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon lightblue lightcoral \
    lightcyan lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon lightseagreen \
    lightskyblue lightslategray lightslategrey lightsteelblue lightyellow lime limegreen linen magenta \
    maroon mediumaquamarine mediumblue mediumorchid mediumpurple mediumseagreen mediumslateblue \
    mediumspringgreen mediumturquoise mediumvioletred midnightblue mintcream mistyrose moccasin \
    navajowhite navy oldlace olive olivedrab orange orangered orchid palegoldenrod palegreen paleturquoise \
    palevioletred papayawhip peachpuff peru pink plum powderblue purple rebeccapurple red rosybrown \
    royalblue saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue slateblue slategray \
    slategrey snow springgreen steelblue tan teal thistle tomato turquoise violet wheat white whitesmoke \
    yellow yellowgreen";

#[cfg(test)]
mod tests {
    use super::is_color;

    #[test]
    fn names_and_hex_codes_are_colors() {
        for color in ["red", "RebeccaPurple", "#fff", "#12ab", "#A0B1C2", "#a0b1c2d3"] {
            assert!(is_color(color), "{color}");
        }
        for other in ["", "reddish", "#", "#12", "#12345", "#ggg", "fff"] {
            assert!(!is_color(other), "{other}");
        }
    }
}
