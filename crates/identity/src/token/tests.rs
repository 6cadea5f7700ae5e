mod routes;
mod stories;
mod world;
