-- A request that is refused for lack of stock takes what there is away from those it travels with.
-- scenario: neighbours
-- function: orders._decide
-- replace
      v_placings[v_request] := orders._refuse_short(v_placings[v_request], p_lines, v_keys, v_available);
-- by
      v_placings[v_request] := orders._refuse_short(v_placings[v_request], p_lines, v_keys, v_available);
      for i in v_first .. v_next - 1 loop
        v_available[v_stock_nos[i]] := v_available[v_stock_nos[i]] - v_quantities[i];
      end loop;
