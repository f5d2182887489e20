//! What the server says on the terminal once it serves: where everything is, and what to try first.

use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::seed::Demo;

/// `psql` is the command that opens a session in the database.
pub fn text(address: SocketAddr, psql: &str, demo: Option<&Demo>, took_ms: u128) -> String {
    let mut text =
        format!("\n  API    http://{address}/api/v1\n  Docs   http://{address}/docs\n  psql   {psql}\n");
    if let Some(demo) = demo {
        tell_demo(&mut text, address, demo);
    }
    let _ = write!(text, "\n  serving after {took_ms} ms; Ctrl-C ends it\n\n");
    text
}

fn tell_demo(text: &mut String, address: SocketAddr, demo: &Demo) {
    let _ = writeln!(text, "\n  Demo accounts, all with the password {}", demo.password);
    for account in &demo.accounts {
        let _ = writeln!(text, "    {:<7} {:<22} {}", account.role, account.email, account.who);
    }
    let Some(buyer) = demo.accounts.iter().find(|account| account.role == "BUYER") else { return };
    let _ = write!(
        text,
        r#"
  Try
    curl "http://{address}/api/v1/products?q=coffee&limit=3"

    TOKEN=$(curl -s http://{address}/api/v1/auth/login -H "content-type: application/json" \
      -d '{{"email":"{email}","password":"{password}"}}' | sed -E 's/.*"accessToken":"([^"]+)".*/\1/')

    curl http://{address}/api/v1/orders -H "authorization: Bearer $TOKEN" -H "idempotency-key: $(date +%s)" \
      -H "content-type: application/json" -d '{{"currency":"USD","lines":[{{"variantId":"{variant}","quantity":2}}],
        "shippingAddress":{{"name":"{name}","line1":"12 Quay Street","city":"Portland","countryCode":"US"}}}}'
"#,
        email = buyer.email,
        password = demo.password,
        variant = demo.suggested_variant_id,
        name = buyer.who,
    );
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::seed::Account;

    #[test]
    fn the_demo_is_told_where_there_is_one() {
        let address = SocketAddr::from(([127, 0, 0, 1], 8080));
        assert!(!text(address, "psql", None, 1).contains("curl"));
        let account = |role, email: &str| Account { role, email: email.to_owned(), who: "Ada".to_owned() };
        let demo = Demo {
            accounts: vec![account("ADMIN", "admin@x.example"), account("BUYER", "ada@x.example")],
            password: "secret".to_owned(),
            suggested_variant_id: Uuid::nil(),
        };
        let text = text(address, "psql", Some(&demo), 1);
        assert_eq!(text.matches("curl").count(), 3);
        assert!(text.contains(r#"{"email":"ada@x.example","password":"secret"}"#));
    }
}
