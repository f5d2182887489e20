-- Problems that the identity domain raises.
insert into core.problem_types (code, status, title, description) values
  ('identity.unauthenticated', 401, 'Not logged in',
   'The call carries no access token, or one whose account is suspended or whose session has ended.'),
  ('identity.role_required', 403, 'Another role is needed', 'The caller''s role does not allow this call.'),
  ('identity.seller_inactive', 403, 'No active store',
   'The caller is a seller, but the store is suspended or the membership has ended.'),
  ('identity.credentials_invalid', 401, 'Wrong e-mail or password',
   'No active account has this e-mail with this password. The answer is the same for an unknown e-mail and a wrong password.'),
  ('identity.refresh_refused', 401, 'Refresh token refused',
   'The refresh token is unknown, expired or already used. Reuse of an old token ends the whole session.'),
  ('identity.email_taken', 409, 'E-mail already registered', 'An account with this e-mail exists.'),
  ('identity.email_invalid', 422, 'E-mail not valid', 'The e-mail is not of the form name@domain.'),
  ('identity.display_name_invalid', 422, 'Display name not valid', 'A display name has 1 to 100 characters.'),
  ('identity.store_name_invalid', 422, 'Store name not valid', 'A store name has 2 to 100 characters.'),
  ('identity.store_name_required', 422, 'Store name missing', 'A seller registers with the name of the store.'),
  ('identity.store_name_unexpected', 422, 'Store name not expected', 'Only sellers have a store.'),
  ('identity.role_invalid', 422, 'Role not valid', 'One registers as BUYER or SELLER.'),
  ('identity.password_length', 422, 'Password too short or too long', 'A password has 8 to 128 characters.'),
  ('identity.password_common', 422, 'Password too common', 'The password is on the list of the most common ones.'),
  ('identity.password_hashing_busy', 503, 'Too many logins at once',
   'The server checks as many passwords at once as it has cores, and its queue is full. Try again in a moment.'),
  ('identity.suspension_of_self', 409, 'Own account', 'An administrator cannot suspend the own account.'),
  ('identity.user_not_found', 404, 'No such account', 'No account has this id.')
on conflict (code) do update
  set status = excluded.status, title = excluded.title, description = excluded.description;
