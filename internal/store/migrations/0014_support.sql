-- What a session in flex time gives to those who need it, such as an aide.
ALTER TABLE flex_offer ADD COLUMN supports TEXT NOT NULL DEFAULT '';
