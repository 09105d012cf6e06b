"""A model and what it became: every kind of change a model can undergo, with rows in the tables."""

FIRST = """
astrolabe: webapp/1
name: Shelves
roles: [editor, helper]
enums:
  Status: [open, done, lost]
  Level: [low, high]
entities:
  Shelf:
    owned: false
    fields: {name: {required: true}}
  Book:
    fields:
      title: {required: true}
      pages: {type: integer, required: true}
      weight: {type: integer}
      code: {required: true}
      status: {type: enum, enum: Status, required: true, default: open}
      level: {type: enum, enum: Level}
      gone: {}
      maybe: {}
      seen: {type: datetime}
    relations:
      shelf: {to: Shelf}
      tags: {to: Tag, kind: many-to-many}
      marks: {to: Tag, kind: many-to-many}
      near: {to: Shelf}
  Tag:
    owned: false
    fields: {name: {required: true}}
  Log:
    owned: false
    fields: {text: {required: true}}
    relations: {book: {to: Book, required: true, on_delete: cascade}}
  Doomed:
    fields: {name: {}}
    relations: {tag: {to: Tag}}
"""

SECOND = """
astrolabe: webapp/1
name: Shelves
roles: [editor]
enums:
  Status: [open, done, fresh]
  Level: [low, high, top]
entities:
  Shelf:
    owned: false
    fields:
      name: {required: true}
      motto: {required: true}
      slot: {type: integer, required: true, unique: true, min: 10}
  Book:
    fields:
      name: {required: true, was: title}
      pages: {required: true}
      weight: {type: decimal}
      code: {type: integer}
      status: {type: enum, enum: Status, required: true, default: fresh}
      level: {type: enum, enum: Level, required: true, default: top}
      maybe: {required: true}
      seen: {type: date}
      kind: {type: enum, enum: Level, required: true}
      day: {type: date, required: true}
      at: {type: datetime, required: true, default: now}
      flag: {type: boolean, required: true}
      stars: {type: integer, required: true, min: 1, max: 5}
      chill: {type: integer, required: true, max: -3}
      mail: {type: email, required: true, unique: true}
    relations:
      shelves: {to: Shelf, kind: many-to-many, was: shelf}
      tag: {to: Tag, was: tags}
      marks: {to: Tag, kind: many-to-many}
      near: {to: Tag}
      home: {to: Shelf, required: true}
      realm: {to: Realm, required: true}
  Tag:
    fields: {name: {required: true, unique: true}}
  Log:
    owned: false
    fields: {text: {required: true}}
    relations: {book: {to: Book, required: true, on_delete: restrict}}
  Realm:
    fields: {name: {required: true}, size: {type: integer, required: true, min: 3}}
    relations: {world: {to: World, required: true}}
  World:
    owned: false
    fields: {name: {required: true, unique: true}}
"""

THIRD = """
astrolabe: webapp/1
name: Shelves
enums:
  Status: [open, done, fresh]
entities:
  Place:
    was: Shelf
    owned: false
    fields: {name: {required: true}, motto: {required: true}, slot: {type: integer, required: true, unique: true}}
  Item:
    was: Book
    fields:
      title: {required: true, was: name}
      pages: {type: integer, required: true}
      weight: {type: integer}
      code: {type: boolean}
      status: {required: true}
      level: {type: enum, enum: Status, required: true}
      email: {type: email, required: true, unique: true, was: mail}
    relations:
      places: {to: Place, kind: many-to-many, was: shelves}
      tags: {to: Label, kind: many-to-many, was: tag}
      marks: {to: Abel, kind: many-to-many}
      house: {to: Place, required: true, was: home}
  Abel:
    was: Tag
    fields: {name: {required: true, unique: true}}
  Label:
    owned: false
    fields: {name: {}}
  Log:
    owned: false
    fields: {text: {required: true}}
    relations: {item: {to: Item, required: true, was: book}}
"""

ROWS = """
INSERT INTO "User" ("id", "email", "name", "passwordHash", "role", "updatedAt") VALUES
  ('u1', 'a@example.org', 'A', 'x', 'helper', '2026-01-01T00:00:00.000Z'),
  ('u2', 'b@example.org', 'B', 'x', 'admin', '2026-01-02T00:00:00.000Z');
INSERT INTO "Shelf" ("id", "name", "createdAt", "updatedAt") VALUES
  ('s1', 'S1', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'),
  ('s2', 'S2', '2026-01-02T00:00:00.000Z', '2026-01-01T00:00:00.000Z');
INSERT INTO "Tag" ("id", "name", "updatedAt") VALUES
  ('t1', 'T1', '2026-01-01T00:00:00.000Z'), ('t2', 'T2', '2026-01-01T00:00:00.000Z');
INSERT INTO "Book" ("id", "ownerId", "title", "pages", "weight", "code", "status", "level", "gone", "maybe", "seen",
  "shelfId", "nearId", "updatedAt") VALUES
  ('b1', 'u1', 'One', 100, 3, '7', 'lost', 'low', 'g', NULL, '2026-01-05T13:30:00.000Z', 's1', 's1', '2026-01-01T00:00:00.000Z'),
  ('b2', 'u2', 'Two', 200, NULL, 'x', 'done', NULL, NULL, 'm', NULL, 's2', NULL, '2026-01-01T00:00:00.000Z'),
  ('b3', 'u2', 'Three', 300, NULL, '-12', 'open', 'high', NULL, NULL, NULL, NULL, 's2', '2026-01-01T00:00:00.000Z');
INSERT INTO "_Book_tags" ("A", "B") VALUES ('b1', 't1'), ('b1', 't2'), ('b2', 't2');
INSERT INTO "_Book_marks" ("A", "B") VALUES ('b1', 't2'), ('b3', 't1');
INSERT INTO "Log" ("id", "text", "bookId", "updatedAt") VALUES ('l1', 'L', 'b1', '2026-01-01T00:00:00.000Z');
INSERT INTO "Doomed" ("id", "ownerId", "updatedAt") VALUES ('d1', 'u1', '2026-01-01T00:00:00.000Z');
"""
"""Rows of the first version, in the SQL of both databases."""
