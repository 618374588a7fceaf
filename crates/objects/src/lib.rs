//! Object data by bucket id: inline, files, multipart, listing.
